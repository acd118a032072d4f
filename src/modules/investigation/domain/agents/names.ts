/** Names of agents that others speak of. */
export const METRICS_ANALYSIS = 'metrics analysis';
export const DEPENDENCY_ANALYSIS = 'dependency analysis';
export const ALERT_STORM = 'alert storm';
export const SYNTHESIS = 'synthesis';
