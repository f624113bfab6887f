export interface Check {
  inputs: readonly string[];
  full: readonly string[];
  short: readonly string[];
  covers: string;
}
export interface VerifyOptions {
  root: string;
  file: string;
  checks: Record<string, Check>;
  names: readonly string[];
  isForced: boolean;
}
export function verify(options: VerifyOptions): string[];
export function hashInputs(root: string, inputs: readonly string[]): string;
