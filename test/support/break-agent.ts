import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { CHECKOUT } from './server.js';

const REGISTRY = pathToFileURL(join(CHECKOUT, 'dist/modules/investigation/domain/agents/registry.js')).href;

/**
 * `NODE_OPTIONS` that make the agent of this name throw, in every thread, for each incident whose title or id contains
 * the word.
 */
export function breakAgent(agentName: string, word: string): string {
  const script = `
    import { AGENTS } from ${JSON.stringify(REGISTRY)};
    const agent = AGENTS.find(({ name }) => name === ${JSON.stringify(agentName)});
    const { run } = agent;
    agent.run = (evidence, context) => {
      const { incidentId, title } = context.incident;
      if ((incidentId + title).includes(${JSON.stringify(word)})) throw new TypeError('a row that breaks it');
      return run.call(agent, evidence, context);
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}
