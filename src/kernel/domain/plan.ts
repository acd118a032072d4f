/** What a tenant may use, by name. Rate limits hang on it. */
export const PLANS = ['starter', 'pro', 'business', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];
