export function pinnedTools(root: string, folder: string): Record<string, string>;
export function missingTools(root: string, folder: string): string[];
export function installTools(root: string, folder: string, ...options: string[]): void;
