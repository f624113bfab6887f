const { readFileSync } = require('node:fs');

/** The paths of the package's binaries that this process has loaded. */
exports.loadedAddons = () => {
  const files =
    process.platform === 'linux'
      ? (readFileSync('/proc/self/maps', 'latin1').match(/\/.*$/gm) ?? [])
      : process.report.getReport().sharedObjects;
  return [...new Set(files.filter((file) => /[/\\]zjj[^/\\]*\.node$/.test(file)))];
};
