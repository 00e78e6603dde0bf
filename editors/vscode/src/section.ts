/**
 * The settings as the server wants them: only those that somebody has set, nested by their dots.
 * Defaults are left out, because the server has its own and a config file between.
 * Where values come from in VS Code is `configuration`'s.
 */

export type Section = Record<string, unknown>;

/** Values by dotted names as nested objects: `{"a.b": 1}` becomes `{a: {b: 1}}`. */
export function nested(values: Iterable<readonly [string, unknown]>): Section {
  const section: Section = {};
  for (const [name, value] of values) {
    const parts = name.split(".");
    const last = parts.pop() ?? name;
    let inner = section;
    for (const part of parts) {
      inner = (inner[part] ??= {}) as Section;
    }
    inner[last] = value;
  }
  return section;
}

/** `sidelong.enabled` and `sidelong.languages` as VS Code holds them for one folder. */
export interface Switches {
  enabled: boolean;
  languages: Readonly<Record<string, boolean>>;
  /** `enabled` by language, where it is overridden: `"[python]": {"sidelong.enabled": ...}`. */
  overrides: ReadonlyMap<string, boolean>;
}

/**
 * The same switches without overrides by language, which the server does not know.
 * Off in either place means off.
 */
export function withoutOverrides({ enabled, languages, overrides }: Switches): {
  enabled: boolean;
  languages: Record<string, boolean>;
} {
  if (overrides.size === 0) {
    return { enabled, languages: { ...languages } };
  }
  const rest = languages["*"] ?? true;
  const merged: Record<string, boolean> = { "*": enabled && rest };
  for (const language of new Set([...Object.keys(languages), ...overrides.keys()])) {
    if (language !== "*") {
      merged[language] = (overrides.get(language) ?? enabled) && (languages[language] ?? rest);
    }
  }
  return { enabled: true, languages: merged };
}

/** Whether a language is on; `"*"` speaks for those not named. */
export function isOn(switches: Switches, language: string): boolean {
  const { enabled, languages } = withoutOverrides(switches);
  return enabled && (languages[language] ?? languages["*"] ?? true);
}
