/** What `zjj --help` prints. */
export const helpText = `Usage: zjj config [KEY [VALUE]]
       zjj config COMMAND [OPTION]… [ARGUMENT]…

A TOML config that any number of processes can write at once without losing a write.

  config         show, get and set what is stored; see 'zjj config --help'

  -h, --help     show this text
  -V, --version  show the version`;

/** What `zjj config --help` prints. */
export const configHelpText = `Usage: zjj config                      show all that is stored
       zjj config KEY                  show one value, or a table
       zjj config KEY VALUE            set a value

By name, for keys that are also words:
  list [PREFIX]            show all that is stored, or what is beneath PREFIX
  get KEY                  show one value, or a table
  set KEY VALUE            set a value; VALUE - reads it from standard input
  set KEY=VALUE…           set many values at once
  unset KEY…               remove keys
  path                     show the path of the file that set writes

A KEY is a TOML key: port, server.port, server."host.name".
A VALUE is a TOML value (true, 8080, 1.5, 2026-01-31, [1, 2], {a = 1}), else a string.

  -g, --global             use the user's config only
      --project            use the project's config only, .zjj/config.toml
  -f, --file PATH          use this file
      --json               answer, and report errors, as JSON
      --type TYPE          set: read VALUE as infer, string, integer, float, boolean,
                           datetime, array or toml; default infer
      --default VALUE      get: what to show where KEY is not set
      --dry-run            set, unset: show the change, write nothing
  -q, --quiet              show nothing but data and errors
      --timeout TIME       wait for the lock at most this long: 5, 500ms, 2s, 1m
      --color WHEN         auto, always or never; default auto
  -h, --help               show this text

The file is the first of: --file; $ZJJ_CONFIG; .zjj/config.toml in the current directory or above;
the user's own. What is shown merges the project's config over the user's.

Exit status: 0 done; 1 a key, a value or the config is invalid or missing; 2 usage; 3 input or output;
4 internal; 5 the lock was not had in time; 130 interrupted.`;
