import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { V1Container, V1Deployment, V1PodSpec } from '@kubernetes/client-node';
import { dumpYaml, loadAllYaml, loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import { loadConfig } from '../src/kernel/config/config.js';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { name: string }[];
  readonly configMapGenerator: readonly { name: string; literals: readonly string[] }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly selector: { readonly matchLabels?: object } };
  readonly stringData: Readonly<Record<string, string | null>>;
}

const kustomization = loadYaml<Kustomization>(read('deploy/kubernetes/kustomization.yaml'));
const files = [...kustomization.resources, 'secret.example.yaml'].map((file) =>
  read(`deploy/kubernetes/${file}`),
);
const manifests = files.flatMap((text) => loadAllYaml(text) as Manifest[]);
const deployments = manifests.filter(({ kind }) => kind === 'Deployment') as unknown as V1Deployment[];
const secretManifest = manifests.find(({ kind }) => kind === 'Secret');
const secret = secretManifest?.stringData ?? {};
const settings = kustomization.configMapGenerator.flatMap(({ literals }) =>
  literals.map((literal) => /^(\w+)=(.*)$/.exec(literal)?.slice(1) as [string, string]),
);

function podOf({ spec }: V1Deployment): { readonly pod: V1PodSpec; readonly container: V1Container } {
  const pod = spec?.template.spec;
  const [container] = pod?.containers ?? [];
  if (!pod || !container) throw new Error('a Deployment without a container');
  return { pod, container };
}

/** As Kubernetes composes it: what the container sets itself comes last. */
function environmentOf(deployment: V1Deployment, secrets: object): Record<string, string> {
  const own = (podOf(deployment).container.env ?? []).map(({ name, value }) => [name, value ?? '']);
  return { ...Object.fromEntries(settings), ...secrets, ...(Object.fromEntries(own) as object) };
}

describe('the manifests of deploy/kubernetes', () => {
  it('have only fields that Kubernetes knows', () => {
    // Without its type an object is loaded as it is written; with it, the client drops unknown fields.
    const untyped = (text: string) => loadYaml<object>(text.replaceAll(/^(apiVersion|kind):.*$/gm, ''));
    for (const text of files.flatMap((file) => file.split(/^---$/m)))
      expect(untyped(dumpYaml(loadYaml(text)))).toEqual(untyped(text));
  });

  it('start the server with the settings of .env.example, as api and as worker', () => {
    const secrets = {
      ...secret,
      JWT_SECRET: 'x'.repeat(32),
      ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
      METRICS_TOKEN: 'x',
    };
    const configs = deployments.map((deployment) => loadConfig(environmentOf(deployment, secrets)));
    expect(configs.map(({ role }) => role)).toEqual(['api', 'worker']);
    const documented = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    for (const deployment of deployments)
      for (const name of Object.keys(environmentOf(deployment, secrets))) expect(documented).toContain(name);
    const sources = [kustomization.configMapGenerator[0]?.name, secretManifest?.metadata.name];
    for (const { container } of deployments.map(podOf)) {
      const from = container.envFrom?.map(({ configMapRef, secretRef }) => (configMapRef ?? secretRef)?.name);
      expect(from).toEqual(sources);
    }
  });

  it('refuse to start with a Secret that was not filled in', () => {
    const [deployment] = deployments;
    const start = () => loadConfig(deployment ? environmentOf(deployment, secret) : {});
    expect(start).toThrow(/JWT_SECRET must .*\nENCRYPTION_KEY must /);
  });

  it.each(deployments)('give $metadata.name the time to migrate and to stop', (deployment) => {
    const { pod, container } = podOf(deployment);
    expect(deployment.spec?.strategy?.type).toBe('Recreate');
    const [, stopMs = ''] = /const STOP_MS = ([\d_]+);/.exec(read('src/start.ts')) ?? [];
    const [, preStop = '0'] = container.lifecycle?.preStop?.exec?.command ?? [];
    expect((pod.terminationGracePeriodSeconds ?? 0) - Number(preStop)).toBeGreaterThan(
      Number(stopMs.replace('_', '')) / 1000,
    );
    const { periodSeconds = 0, failureThreshold = 0 } = container.startupProbe ?? {};
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(3600);
    expect(read('Dockerfile')).toMatch(/^HEALTHCHECK .*--start-period=1h /m);
  });

  it.each(deployments)('probe $metadata.name where it listens', (deployment) => {
    const { container } = podOf(deployment);
    const { paths } = JSON.parse(read('docs/openapi.json')) as { paths: object };
    const port = Number(container.env?.find(({ name }) => name === 'PORT')?.value);
    expect(container.ports).toEqual([expect.objectContaining({ name: 'http', containerPort: port })]);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      expect(probe?.httpGet?.port).toBe('http');
      expect(Object.keys(paths)).toContain(probe?.httpGet?.path);
    }
    expect(kustomization.images.map(({ name }) => name)).toEqual([container.image]);
  });

  it('select the pods that they make', () => {
    const pods = deployments.map(({ spec }) => spec?.template.metadata?.labels);
    const selecting = manifests.filter(({ kind }) => kind !== 'Secret');
    expect(selecting.length).toBe(5);
    for (const { spec } of selecting) expect(pods).toContainEqual(spec.selector.matchLabels ?? spec.selector);
  });
});
