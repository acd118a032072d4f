import { words } from './words.js';

/** What a tenant may use, by name. Rate limits hang on it. */
export const PLANS = words('Plan', ['starter', 'pro', 'business', 'enterprise']);
export type Plan = (typeof PLANS)[number];
