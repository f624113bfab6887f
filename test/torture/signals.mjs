/** The signals that end a process and that a person or a system sends. A process can handle them. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The exit code of a writer that handles a signal by process.exit(). */
export const EXIT_ON_SIGNAL = 77;

/** Sends a signal to a process, or to the group of a negative id, unless it has ended already. */
export function send(id, signal) {
  try {
    process.kill(id, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
