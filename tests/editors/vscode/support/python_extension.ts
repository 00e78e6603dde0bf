/**
 * What the Python extension tells others of the selected environment, as an extension of its name.
 * The real one is to be had from the marketplace only, which tests do not ask.
 */

/** The extension's files; it says that `python` is selected. */
export function pythonExtension(python: string): Record<string, string> {
  const manifest = {
    name: "python",
    publisher: "ms-python",
    version: "0.0.1",
    engines: { vscode: "^1.91.0" },
    main: "main.js",
    activationEvents: [],
  };
  const main = `
    const vscode = require("vscode");
    const uri = vscode.Uri.file(${JSON.stringify(python)});
    exports.activate = () => ({
      environments: {
        getActiveEnvironmentPath: () => ({ path: uri.fsPath }),
        resolveEnvironment: async () => ({ executable: { uri } }),
        onDidChangeActiveEnvironmentPath: new vscode.EventEmitter().event,
      },
    });`;
  return { "package.json": JSON.stringify(manifest), "main.js": main };
}
