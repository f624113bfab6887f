export function listFiles(root: string, paths: readonly string[]): string[];
