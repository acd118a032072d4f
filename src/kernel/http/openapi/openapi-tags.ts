/** Descriptions of the product's tags, in the order in which `/docs` shows them. Tags of extensions follow them. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  alerts: 'Webhooks that receive alerts and deploys, signed or with an API key.',
  incidents: 'Incidents, their alerts, attached evidence and timeline.',
  investigation: 'Triage, investigation runs, their evidence, replays and feedback.',
  remediation: 'Remediation plans and their execution.',
  approvals: 'Approval and rejection of remediation plans.',
  knowledge: 'Failure patterns of resolved incidents, and similarity search.',
  changes: 'Deploys and other changes that investigations compare with incidents.',
  integrations: 'Connections to monitoring tools, evidence sources and runners.',
  triggers: 'Actions that run when an event meets a condition.',
  events: 'The event stream (Server-Sent Events) and the same log by polling.',
  'webhook subscriptions': 'Events sent to your URLs, and their deliveries.',
  auth: 'Registration, sign-in, tokens and passwords.',
  users: 'The people of your tenant.',
  'api keys': 'API keys and their webhook secrets.',
  tenants: 'Name, plan and settings of your tenant.',
  operations: 'Health, metrics and API documents.',
};

export interface Tag {
  readonly name: string;
  readonly description?: string;
}

/** @param names the tags that operations use, in any order */
export function describedTags(names: ReadonlySet<string>): Tag[] {
  const own = Object.entries(DESCRIPTIONS).filter(([name]) => names.has(name));
  const others = [...names].filter((name) => !(name in DESCRIPTIONS)).sort();
  return [...own.map(([name, description]) => ({ name, description })), ...others.map((name) => ({ name }))];
}
