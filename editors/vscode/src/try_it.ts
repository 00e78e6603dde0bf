/** A place where a suggestion is sure to come, for the walkthrough. */

import * as vscode from "vscode";

/** The last line repeats what stands above it, so that any model can finish it. */
const SAMPLE = `# Press Tab to take the grey text. Any other key goes on typing.


class Circle:
    def __init__(self, radius: float, colour: str) -> None:
        self.radius = radius
        self.colour = colour


class Square:
    def __init__(self, side: float, colour: str) -> None:
        self.side = side
        self.colour = colour


class Triangle:
    def __init__(self, side: float, colour: str) -> None:
        self.side = side
        self.`;

/** Open the sample with the cursor at its end and ask for a suggestion. */
export async function tryIt(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "python", content: SAMPLE });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(end, end);
  await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
}
