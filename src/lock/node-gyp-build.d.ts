declare module 'node-gyp-build' {
  /** Loads the addon of the package in `directory`. */
  const load: (directory: string) => unknown;
  export default load;
}
