/** Names of agents that other code refers to. Stored data. */
export const METRICS_ANALYSIS = 'metrics analysis';
export const DEPENDENCY_ANALYSIS = 'dependency analysis';
export const ALERT_STORM = 'alert storm';
export const SYNTHESIS = 'synthesis';
