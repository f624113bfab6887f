export function loadedAddons(): string[];
