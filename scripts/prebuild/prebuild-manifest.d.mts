export interface Binary {
  sha256: string;
  size: number;
  flags: string;
  source: string;
  tools: Record<string, string>;
}
export interface Manifest {
  /** Keyed by path relative to prebuilds/. */
  binaries: Record<string, Binary>;
}
export function sourceFiles(root: string): string[];
export function sourceHash(root: string): string;
export function readManifest(root: string): Manifest;
export function manifestPath(root: string): string;
export function describeBinary(root: string, file: string, flags: string, compiler: string): Binary;
export function findDrift(root: string, file: string): string | undefined;
