/** What is asked before something that was drawn or set goes away. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CameraSettings } from "../api/types";
import { text } from "../text";
import { momentText } from "../time/time";
import { Ask } from "../ui/ask";
import { clashing, differences, type Difference, type Part } from "./differ";
import { type Draft, draftOf, isSetHere, ofOurs, setElsewhere } from "./draft";
import { type Keeping, useLeaveGuard } from "./keeping";

const partName = (part: Part): string => (part === "rule" ? text.editor.side.rules : part === "still" ? text.editor.still : text.editor.shapeLists[part]);
const NOTHING: Draft = { shapes: [], rules: [], still: {} };

/** One goes elsewhere, and the draft would be lost. */
export function LeaveQuestion({ keeping }: { keeping: Keeping }): JSX.Element | null {
  const [onward, stay] = useLeaveGuard(keeping.dirty);
  const { saving, wrong, theirs, save } = keeping;
  if (!onward) return null;
  const saveFirst = async () => {
    stay();
    if (await save()) onward();
  };
  return (
    <Ask
      title={text.editor.leaveTitle}
      dismiss={stay}
      testid="leave"
      answers={[
        { name: text.editor.stay, give: stay, testid: "leave-stay" },
        { name: text.editor.leaveAnyway, look: "danger", give: () => (stay(), onward()), testid: "leave-anyway" },
        { name: text.editor.saveAndLeave, look: "primary", disabled: saving || !!wrong || !!theirs, give: () => void saveFirst(), testid: "leave-save" },
      ]}
    >
      <p>{text.editor.leaveMore}</p>
    </Ask>
  );
}

/** A button, and the question what goes when the gateway's file counts again. */
export function ToFile({ told, keeping }: { told: CameraSettings; keeping: Keeping }): JSX.Element | null {
  const [asked, ask] = useState(false);
  const { saving, dirty, toFile } = keeping;
  if (!isSetHere(told.set_here)) return null;
  const goes = differences(NOTHING, ofOurs(draftOf(told.in_force, told.set_here), told.set_here));
  const stays = Object.keys(setElsewhere(told.set_here));
  const close = () => ask(false);
  return (
    <>
      <button type="button" class="button" disabled={saving} onClick={() => ask(true)} data-testid="to-file">
        {text.editor.toFile}
      </button>
      {asked && (
        <Ask
          title={text.editor.toFileTitle}
          dismiss={close}
          testid="to-file-question"
          answers={[
            { name: text.editor.cancel, give: close },
            { name: text.editor.toFileDo, look: "danger", disabled: saving, give: () => void toFile().then(close), testid: "to-file-do" },
          ]}
        >
          <p>{text.editor.toFileMore}</p>
          {goes.length > 0 && <Differences found={goes.map((one) => ({ ...one, how: "gone" as const }))} />}
          {dirty && <p>{text.editor.toFileDraft}</p>}
          {stays.length > 0 && <p>{text.editor.toFileStays(stays.map((key) => text.editor.elsewhere[key] ?? key).join(", "))}</p>}
        </Ask>
      )}
    </>
  );
}

function Differences({ found }: { found: readonly Difference[] }): JSX.Element {
  return (
    <ul class="differences">
      {found.map(({ part, name, how }, index) => (
        <li key={index}>
          <span class={how === "gone" ? "tag bad" : how === "new" ? "tag ok" : "tag warn"}>{text.editor.how[how]}</span>
          {[partName(part), name].filter(Boolean).join(": ")}
        </li>
      ))}
    </ul>
  );
}

/** Somebody else was faster: what they changed, and which counts. */
export function Clash({ told, keeping }: { told: CameraSettings; keeping: Keeping }): JSX.Element | null {
  const { theirs, draft, saving, takeTheirs, keepMine, wrong } = keeping;
  if (!theirs) return null;
  const [base, other] = [draftOf(told.in_force, told.set_here), draftOf(theirs.in_force, theirs.set_here)];
  const both = clashing(draft, base, other);
  const found = differences(base, other);
  return (
    <div class="clash panel" role="alert" data-testid="clash">
      <p>
        <strong>{text.editor.clash(theirs.by, theirs.time ? momentText(theirs.time) : "")}</strong>
      </p>
      {found.length > 0 && <Differences found={found} />}
      <p>{both.length > 0 ? text.editor.undoes(both.map(partName).join(", ")) : text.editor.goTogether}</p>
      <div class="ask-answers">
        <button type="button" class="button" disabled={saving} onClick={takeTheirs} data-testid="take-theirs">
          {text.editor.takeTheirs}
        </button>
        <button type="button" class="button primary" disabled={saving || !!wrong} onClick={() => void keepMine()} data-testid="keep-mine">
          {both.length > 0 ? text.editor.keepMine : text.editor.keepBoth}
        </button>
      </div>
    </div>
  );
}
