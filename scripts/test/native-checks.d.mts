import type { Check } from './verify.mjs';

export const VERIFIED: string;
export const CHECKS: Record<'sanitizers' | 'platforms' | 'rebuild', Check>;
