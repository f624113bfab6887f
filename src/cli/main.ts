#!/usr/bin/env node
/** The `zjj` command: picks the subcommand, runs it, reports its errors and sets the exit status. */
import { version } from '../../package.json';
import { wantsJson } from './arguments.js';
import { runConfig } from './config-command.js';
import { type ExitCode, exitCodes, UsageError } from './exit-codes.js';
import { helpText } from './help.js';
import { Output } from './output.js';

async function main(argv: readonly string[]): Promise<ExitCode> {
  try {
    return await run(argv);
  } catch (error) {
    return new Output({ json: wantsJson(argv) }).fail(error);
  }
}

async function run([command, ...argv]: readonly string[]): Promise<ExitCode> {
  switch (command) {
    case 'config':
      return runConfig(argv);
    case undefined:
    case '-h':
    case '--help':
      new Output().print(helpText);
      return exitCodes.ok;
    case '-V':
    case '--version':
      new Output().print(version);
      return exitCodes.ok;
    default:
      throw new UsageError(`'${command}' is not a zjj command. See 'zjj --help'.`);
  }
}

main(process.argv.slice(2)).then((exitCode) => {
  // Not process.exit, which would cut off what a stream has yet to write.
  process.exitCode = exitCode;
});
