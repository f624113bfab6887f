// Everything that `zjj` exports.

export { getConfigValue, getConfigValueSync, readConfig, readConfigSync } from './config/read.js';
export type { StandardSchema } from './config/schema.js';
export { ConfigStore, type ConfigStoreOptions } from './config/store.js';
export type { ConfigTransaction } from './config/transaction/merge-changes.js';
export type { WriteOptions, WriteSyncOptions } from './config/transaction/write-call.js';
export type { ConfigChange, WatchOptions } from './config/watch/config-watch.js';
export {
  setConfigValue,
  setConfigValueSync,
  unsetConfigValue,
  unsetConfigValueSync,
  updateConfig,
  updateConfigSync,
} from './config/write.js';
export {
  ConfigEncodingError,
  type ConfigErrorCode,
  ConfigInvalidError,
  ConfigParseError,
  type StandardIssue,
} from './errors.js';
export {
  type FileLock,
  type LockErrorCode,
  type LockHolder,
  type LockMode,
  type LockOptions,
  type LockSyncOptions,
  LockTimeoutError,
  lock,
  lockSync,
  type TryLockOptions,
  tryLock,
  type WaitOptions,
  withLock,
  ZjjError,
} from './lock/index.js';
export {
  type Key,
  TomlDateTime,
  type TomlDateTimeKind,
  type TomlInput,
  TomlLiteral,
  type TomlScalar,
  type TomlTable,
  type TomlValue,
} from './toml/index.js';
