declare module 'node-gyp-build' {
  /** Returns the path of the addon in `directory` that fits this platform. Throws if there is none. */
  export function path(directory: string): string;
}
