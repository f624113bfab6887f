/**
 * Puts off what a burst of calls need not do again and again.
 *
 * @param task - What to do.
 * @returns A function that has it done when the event loop turns, once however often it was called until then. It does
 *   not keep the process alive.
 */
export function onceAtEndOfTurn(task: () => void): () => void {
  let isPlanned = false;
  const run = () => {
    isPlanned = false;
    task();
  };
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(run).unref();
  };
}
