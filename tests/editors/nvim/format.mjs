// Checks that the Lua files are formatted as StyLua does it; --write formats them.
// Uses StyLua's WebAssembly build, which `install.sh --check` fetches.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../..')
const require = createRequire(join(root, '.cache/editors/nvim/format/package.json'))
const stylua = require('@johnnymorganz/stylua')

// The same as editors/nvim/.stylua.toml says to those who have StyLua; `formatCode` uses it up.
function settings() {
  const config = stylua.Config.new()
  config.column_width = 110
  config.indent_type = stylua.IndentType.Spaces
  config.indent_width = 2
  config.quote_style = stylua.QuoteStyle.AutoPreferSingle
  config.syntax = stylua.LuaVersion.LuaJIT
  return config
}

const write = process.argv.includes('--write')
const files = ['editors/nvim', 'tests/editors/nvim'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.lua'))
    .map((name) => join(folder, name)),
)
let others = 0
for (const file of files) {
  const path = join(root, file)
  const code = readFileSync(path, 'utf8')
  const formatted = stylua.formatCode(code, settings(), undefined, stylua.OutputVerification.Full)
  if (formatted === code) continue
  others += 1
  console.log(`${file}: ${write ? 'formatted' : 'is not formatted; tests/editors/nvim/check.sh --write does it'}`)
  if (write) writeFileSync(path, formatted)
}
console.log(`${files.length} Lua files looked at, ${others} formatted otherwise`)
process.exitCode = others > 0 && !write ? 1 : 0
