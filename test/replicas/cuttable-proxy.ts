import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy to one port, which can swallow everything as a broken network does: nobody is told. */
export class CuttableProxy {
  /** How often bytes came while it was cut. */
  swallowed = 0;
  /** How often somebody came while it was closed. */
  refused = 0;
  private isCut = false;
  private isClosed = false;
  private readonly mute = new WeakSet<Socket>();
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.join(near));

  private constructor(
    /** The port it leads to; connections that come later follow a change. */
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

  /** From now on bytes vanish in both directions, and connections stay open. */
  cut(): void {
    this.isCut = true;
  }

  /** What stands open now stays open, and nothing ever comes of it any more, as when the machine behind it has vanished. Others go on. */
  muteAll(): void {
    for (const socket of this.sockets) this.mute.add(socket);
  }

  /** Nobody is there: what stands open breaks, and so does whatever is opened. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** The network is back; what stood open before is gone. */
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
