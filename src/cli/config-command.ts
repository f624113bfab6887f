import { locateConfig } from '../config/locate.js';
import { type ConfigCall, parseConfigArguments } from './arguments.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { configHelpText } from './help.js';
import { escapeControls, Output } from './output.js';

/**
 * Runs `zjj config` with the arguments that follow it, and returns the status to exit with.
 *
 * @throws UsageError where the arguments do not fit; every other error is reported here.
 */
export async function runConfig(argv: readonly string[]): Promise<ExitCode> {
  const call = parseConfigArguments(argv);
  const output = new Output(call.presentation);
  try {
    await perform(call, output);
    return exitCodes.ok;
  } catch (error) {
    return output.fail(error);
  }
}

/** Loads only what the action needs: the parser and the lock cost more than all the rest. */
async function perform(call: ConfigCall, output: Output): Promise<void> {
  const { action } = call;
  switch (action.name) {
    case 'help':
      return output.print(configHelpText);
    case 'path':
      return printPath(call, output);
    case 'list':
      return (await import('./config-read.js')).listKeys(action, call, output);
    case 'get':
      return (await import('./config-read.js')).getKey(action, call, output);
    case 'set':
      return (await import('./config-write.js')).setKeys(action, call, output);
    case 'unset':
      return (await import('./config-write.js')).unsetKeys(action, call, output);
  }
}

function printPath({ request }: ConfigCall, output: Output): void {
  const { path } = locateConfig(request);
  if (output.isJson) output.print(escapeControls(JSON.stringify(path)));
  else output.printLines([path]);
}
