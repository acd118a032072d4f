import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy to one port that can drop all bytes silently, or break connections, as a broken network does. */
export class CuttableProxy {
  /** How many chunks were dropped. */
  swallowed = 0;
  /** How many connections were refused while it was closed. */
  refused = 0;
  private isCut = false;
  private isClosed = false;
  private readonly mute = new WeakSet<Socket>();
  private readonly breaking = new WeakSet<Socket>();
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.join(near));

  private constructor(
    /** The target port; a change applies to new connections. */
    public target: number,
    private readonly host: string,
  ) {}

  static async to(target: number, host = '127.0.0.1'): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(target, host);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Drops the bytes of all connections in both directions, and keeps them open. */
  cut(): void {
    this.isCut = true;
  }

  /** Drops the bytes of the connections that are open now, as when their machine has vanished. New connections work. */
  muteAll(): void {
    for (const socket of this.sockets) this.mute.add(socket);
  }

  /**
   * Lets open connections break in the middle of their next answer: what was asked has been done.
   * @param clientPort the port by which the target knows the only connection to break
   */
  breakInAnswers(clientPort?: number): void {
    for (const socket of this.sockets)
      if (clientPort === undefined || socket.localPort === clientPort) this.breaking.add(socket);
  }

  /** Breaks a connection at once: what was asked may be done later. @param clientPort the port by which the target knows it */
  break(clientPort: number): void {
    for (const socket of this.sockets) if (socket.localPort === clientPort) socket.destroy();
  }

  /** Breaks the open connections, and refuses new ones. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Accepts connections again; those that were open before are broken. */
  heal(): void {
    for (const socket of this.sockets) socket.destroy();
    this.isCut = this.isClosed = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.server.close(closed));
  }

  private join(near: Socket): void {
    if (this.isClosed) {
      this.refused += 1;
      near.destroy();
      return;
    }
    const far = connect(this.target, this.host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => {
        if (this.isCut || this.mute.has(from)) this.swallowed += 1;
        else if (from === far && this.breaking.has(far)) to.end(bytes.subarray(0, bytes.length / 2));
        else to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
