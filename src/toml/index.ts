export { TomlDateTime, type TomlDateTimeKind } from './date-time.js';
export { TomlDocument } from './document.js';
export { type Savepoint, TomlEdit } from './edit.js';
export { formatValue } from './format-value.js';
export { GateError } from './gate.js';
export { inferValue, type ValueType, valueOfType } from './infer-value.js';
export { formatKey, type Key, parseKey } from './key-path.js';
export { TomlLiteral } from './literal.js';
export type { TomlInput, TomlScalar, TomlTable, TomlValue } from './values.js';
