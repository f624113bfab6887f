import { ZjjError } from '../../errors.js';
import { hasLoneSurrogate, quoteExcerpt } from '../syntax/escape.js';
import { parseValue } from '../syntax/parse.js';
import { SyntaxFault, type ValueNode } from '../syntax/syntax.js';

/** Returns the value that a literal stands for. Not a method of the class, because it is internal. */
export let literalNode: (literal: TomlLiteral) => ValueNode;

/** True if a literal has something that TOML 1.0 lacks. */
export let isToml11: (literal: TomlLiteral) => boolean;

/**
 * A value in the form of TOML text, for notations that JavaScript values cannot express: `1.0`, `0xff`, single quotes.
 * The text is written unchanged. If it needs TOML 1.1, the same value is written in the notation of TOML 1.0.
 *
 * @example
 * await setConfigValue('config.toml', 'mode', new TomlLiteral('0o755'));
 */
export class TomlLiteral {
  /** The text that the constructor was given. */
  readonly text: string;
  readonly #node: ValueNode;
  readonly #isToml11: boolean;

  static {
    literalNode = (literal) => literal.#node;
    isToml11 = (literal) => literal.#isToml11;
  }

  /**
   * @param text One TOML value, with nothing before or after it.
   * @throws {ZjjError} INVALID_VALUE: `text` is not a TOML value; the message says why. CONFIG_LIMIT: its arrays and
   *   tables are nested too deeply, or a number in it has more than 1,000 characters.
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
  if (typeof text !== 'string') throw new ZjjError('INVALID_VALUE', 'A TomlLiteral must be made from a string');
  if (hasLoneSurrogate(text)) throw new ZjjError('INVALID_VALUE', 'Not a TOML value: it contains a lone surrogate');
  try {
    return parseValue(text);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const code = error.isLimit ? 'CONFIG_LIMIT' : 'INVALID_VALUE';
    throw new ZjjError(code, `Not a TOML value: ${quoteExcerpt(text)}: ${error.message}`, { cause: error });
  }
}
