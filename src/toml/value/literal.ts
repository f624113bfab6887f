import { ZjjError } from '../../errors.js';
import { parseValue } from '../syntax/parse.js';
import { SyntaxFault, type ValueNode } from '../syntax/syntax.js';
import { hasLoneSurrogate } from '../syntax/text.js';

/** The value that a literal stands for; not a method, since it is no business of those who make literals. */
export let literalNode: (literal: TomlLiteral) => ValueNode;

/** Whether readers that know TOML 1.0 alone cannot read a literal. */
export let isToml11: (literal: TomlLiteral) => boolean;

/**
 * A value as TOML text, for what a JavaScript value cannot say: `1.0`, `0xff`, a quoting style. It is written as it is,
 * unless only TOML 1.1 knows it: then as 1.0 says the same.
 *
 * @example
 * await setConfigValue('config.toml', 'mode', new TomlLiteral('0o755'));
 */
export class TomlLiteral {
  /** The text as it was given. */
  readonly text: string;
  readonly #node: ValueNode;
  readonly #isToml11: boolean;

  static {
    literalNode = (literal) => literal.#node;
    isToml11 = (literal) => literal.#isToml11;
  }

  /**
   * @param text One TOML value, nothing before or after it.
   * @throws {ZjjError} INVALID_VALUE: says why `text` is no TOML value. CONFIG_LIMIT: its arrays and tables are nested
   *   too deeply, or a number in it has more than 1,000 characters.
   */
  constructor(text: string) {
    const { node, isToml11 } = parseLiteral(text);
    this.#node = node;
    this.#isToml11 = isToml11;
    this.text = text;
    Object.freeze(this);
  }
}

function parseLiteral(text: unknown): ReturnType<typeof parseValue> {
  if (typeof text !== 'string') throw new ZjjError('INVALID_VALUE', 'A TOML literal is made from a string');
  if (hasLoneSurrogate(text)) {
    throw new ZjjError('INVALID_VALUE', 'Not a TOML value: half of a surrogate pair is no character');
  }
  try {
    return parseValue(text);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const code = error.isLimit ? 'CONFIG_LIMIT' : 'INVALID_VALUE';
    throw new ZjjError(code, `Not a TOML value: ${shorten(text)}: ${error.message}`, { cause: error });
  }
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
