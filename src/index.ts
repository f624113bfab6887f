export type { ConfigChange, WatchOptions } from './config/config-watch.js';
export type { ConfigTransaction } from './config/merge-changes.js';
export { getConfigValue, getConfigValueSync, readConfig, readConfigSync } from './config/read.js';
export type { StandardIssue, StandardSchema } from './config/schema.js';
export { ConfigStore, type ConfigStoreOptions } from './config/store.js';
export {
  setConfigValue,
  setConfigValueSync,
  unsetConfigValue,
  unsetConfigValueSync,
  updateConfig,
  updateConfigSync,
} from './config/write.js';
export type { WriteOptions, WriteSyncOptions } from './config/write-options.js';
export { type ConfigErrorCode, ConfigInvalidError, ConfigParseError } from './errors.js';
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
