declare module 'node-gyp-build' {
  /** The file of the addon of the package in `directory` that fits this platform; throws where there is none. */
  export function path(directory: string): string;
}
