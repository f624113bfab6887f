import { configPath } from '../config/file/resolve.js';
import { locateConfig } from '../config/locate.js';
import { type ConfigCall, parseConfigArguments } from './arguments.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { configHelpText } from './help.js';
import { jsonLine, Output } from './output.js';

/**
 * Runs `zjj config`.
 *
 * @param argv - The arguments after `config`.
 * @returns The exit status. Errors of the command itself are reported here.
 * @throws UsageError: the arguments do not fit the synopsis.
 */
export async function runConfig(argv: readonly string[]): Promise<ExitCode> {
  const call = parseConfigArguments(argv);
  const output = new Output(call.presentation);
  try {
    await perform({ ...call, request: { ...call.request, onPassedOver: warnOnce(output) } }, output);
    return exitCodes.ok;
  } catch (error) {
    return output.fail(error);
  }
}

/** Imports only the modules that the action needs: loading the parser and the lock costs more than all the rest. */
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

/** The file is located several times, also under the lock. */
function warnOnce(output: Output): (warning: string) => void {
  const warnings = new Set<string>();
  return (warning) => {
    if (!warnings.has(warning)) output.printWarning(warning);
    warnings.add(warning);
  };
}

function printPath({ request }: ConfigCall, output: Output): void {
  const { path } = locateConfig(request);
  // Fails for a path that `set` would refuse.
  configPath(path);
  if (output.isJson) output.print(jsonLine(path));
  else output.printLines([path]);
}
