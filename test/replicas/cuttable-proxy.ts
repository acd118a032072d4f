import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy to one port of this machine, which can swallow everything as a broken network does: nobody is told. */
export class CuttableProxy {
  /** How often bytes came while it was cut. */
  swallowed = 0;
  private isCut = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.join(near));

  private constructor(
    /** The port it leads to; connections that come later follow a change. */
    public target: number,
  ) {}

  static async to(target: number): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(target);
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

  /** The network is back; what stood open before is gone. */
  heal(): void {
    for (const socket of this.sockets) socket.destroy();
    this.isCut = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.server.close(closed));
  }

  private join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => {
        if (this.isCut) this.swallowed += 1;
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
