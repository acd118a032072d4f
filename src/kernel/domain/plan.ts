import { words } from './words.js';

/** The plan of a tenant. Rate limits depend on it. */
export const PLANS = words('Plan', ['starter', 'pro', 'business', 'enterprise']);
export type Plan = (typeof PLANS)[number];
