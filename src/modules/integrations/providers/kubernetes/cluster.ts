import type { AppsV1Api, CoreV1Api } from '@kubernetes/client-node/dist/gen/index.js';
import { JsonSource } from '../json-source.js';
import type { Connection, Outside } from '../provider.js';
import type { KubernetesConfig, KubernetesCredentials } from './config.js';

export interface Cluster {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
}

/**
 * The API of one cluster through the official client. Only its generated part is loaded, on first use: that part reads no
 * kubeconfig, runs no plugin, and sends through the given transport only.
 */
export async function clusterOf(
  { config, credentials }: Connection<KubernetesConfig, KubernetesCredentials>,
  { http }: Outside,
  signal?: AbortSignal,
): Promise<Cluster> {
  const { AppsV1Api, CoreV1Api, createConfiguration, ResponseContext, ServerConfiguration, wrapHttpLibrary } =
    await import('@kubernetes/client-node/dist/gen/index.js');
  const { url, caCertificate } = config;
  const headers = { accept: 'application/json', authorization: `Bearer ${credentials.token}` };
  const source = new JsonSource({ name: 'Kubernetes', url, headers, http, signal, caCertificate });
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(source.address, {}),
    httpApi: wrapHttpLibrary({
      async send(request) {
        const { status, text } = await source.send(request.getHttpMethod(), request.getUrl());
        const body = { text: () => Promise.resolve(text), binary: () => Promise.resolve(Buffer.from(text)) };
        return new ResponseContext(status, { 'content-type': 'application/json' }, body);
      },
    }),
  });
  return { core: new CoreV1Api(configuration), apps: new AppsV1Api(configuration) };
}
