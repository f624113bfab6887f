/** The output of `zjj --help`. */
export const helpText = `Usage: zjj config [KEY [VALUE]]
       zjj config COMMAND [OPTION]… [ARGUMENT]…

A TOML config that any number of processes can write at once without losing a write.

  config         show, get and set the stored values; see 'zjj config --help'

  -h, --help     show this text
  -V, --version  show the version`;

/** The output of `zjj config --help`. */
export const configHelpText = `Usage: zjj config                      show all stored values
       zjj config KEY                  show one value or table
       zjj config KEY VALUE            set a value

By name, for keys that are also command names:
  list [PREFIX]            show all stored values, or those under PREFIX
  get KEY                  show one value or table
  set KEY VALUE            set a value; VALUE - reads it from standard input
  set KEY=VALUE…           set several values at once
  unset KEY…               remove keys
  path                     show the path of the file that set writes

A KEY is a TOML key: port, server.port, server."host.name".
A VALUE is a TOML value (true, 8080, 1.5, 2026-01-31, [1, 2], {a = 1}), otherwise a string.

  -g, --global             use only the user's config
      --project            use only the project's config, .zjj/config.toml
  -f, --file PATH          use this file
      --json               print results and errors as JSON
      --type TYPE          set: read VALUE as infer, string, integer, float, boolean,
                           datetime, array or toml; default infer
      --default VALUE      get: show VALUE if KEY is not set
      --dry-run            set, unset: show the change without writing it
  -q, --quiet              show only data and errors
      --timeout TIME       longest wait for the lock: 5, 500ms, 2s, 1m
      --color WHEN         auto, always or never; default auto
  -h, --help               show this text

The file is the first of: --file; $ZJJ_CONFIG; .zjj/config.toml in the current directory or above, if it
belongs to you or root, or its directory is in $ZJJ_TRUSTED_DIRECTORIES; the user's config. Reads merge the project's config over the user's.

Exit status: 0 success; 1 a key, a value or the config is invalid or missing; 2 usage error; 3 I/O error;
4 internal error; 5 timed out waiting for the lock; 130 interrupted.`;
