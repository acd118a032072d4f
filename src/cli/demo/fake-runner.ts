import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '#kernel/crypto/secrets';

/** A deployment tool that deploys nothing: it verifies the signature of each request and reports success. */
export class FakeRunner {
  readonly secret = newSigningSecret();
  private server: Server | undefined;

  /** @returns its address on this machine */
  async start(onStep: (action: string, params: unknown) => void): Promise<string> {
    const webhook = new Webhook(this.secret);
    this.server = createServer((request, response) => {
      void text(request).then((body) => {
        try {
          const step = webhook.verify(body, request.headers as Record<string, string>) as {
            action: string;
            params: unknown;
          };
          if (step.action !== 'probe') onStep(step.action, step.params);
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ status: 'succeeded', output: { note: `simulated ${step.action}` } }));
        } catch {
          response.statusCode = 401;
          response.end();
        }
      });
    });
    const { server } = this;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
