/** The camera's rules: what is told, about which zone or line, and how urgent it is. */

import type { JSX } from "preact";
import { kindName, labelName, text } from "../text";
import { toggled } from "../events/filter";
import { LABELS } from "../search/filter";
import { Icon } from "../ui/icon";
import type { Rule, Shape } from "./draft";
import { NumberField } from "./number";
import { changed, type Field, freshRule, KINDS, NEEDS_ZONE, others, possible } from "./kinds";

interface Props {
  rules: readonly Rule[];
  shapes: readonly Shape[];
  change: (rules: readonly Rule[]) => void;
  /** the one that is looked at */
  chosen: number | undefined;
  choose: (index: number | undefined) => void;
  readOnly: boolean;
}

export function RuleList({ rules, shapes, change, chosen, choose, readOnly }: Props): JSX.Element {
  const put = (index: number, rule: Rule) => change(rules.map((old, i) => (i === index ? rule : old)));
  const remove = (index: number) => {
    change(rules.filter((_, i) => i !== index));
    choose(undefined);
  };
  const add = (kind: string) => {
    change([...rules, freshRule(kind, shapes)]);
    choose(rules.length);
  };
  return (
    <div class="rule-list">
      {rules.length === 0 && <p class="sub">{text.editor.noRules}</p>}
      <ul>
        {rules.map((rule, index) => (
          <li key={index} class={index === chosen ? "rule chosen" : "rule"} onFocusCapture={() => choose(index)} onPointerDown={() => choose(index)} data-testid="rule">
            <fieldset disabled={readOnly}>
              <legend class="hidden-text">{kindName(rule.kind)}</legend>
              <div class="rule-head">
                <strong>{kindName(rule.kind)}</strong>
                <span class="spring" />
                {!readOnly && (
                  <button type="button" class="button quiet icon-only" onClick={() => remove(index)} aria-label={text.editor.remove(kindName(rule.kind))} title={text.editor.remove(kindName(rule.kind))}>
                    <Icon name="close" size={14} />
                  </button>
                )}
              </div>
              <div class="rule-fields">
                <label>
                  {text.editor.severity}
                  <select class="button" value={String(rule["severity"] ?? (rule.kind === "tamper" ? "alarm" : "info"))} onChange={(event) => put(index, { ...rule, severity: event.currentTarget.value })}>
                    <option value="info">{text.editor.severities.info}</option>
                    <option value="alarm">{text.editor.severities.alarm}</option>
                  </select>
                </label>
                {(KINDS[rule.kind]?.fields ?? []).map((field) => (
                  <FieldOf key={field} field={field} rule={rule} shapes={shapes} set={(value) => put(index, changed(rule, field, value))} />
                ))}
              </div>
              {others(rule).length > 0 && <p class="sub">{text.editor.others(others(rule).join(", "))}</p>}
            </fieldset>
          </li>
        ))}
      </ul>
      {!readOnly && (
        <select class="button" value="" aria-label={text.editor.addRule} onChange={(event) => event.currentTarget.value && add(event.currentTarget.value)} data-testid="add-rule">
          <option value="">{text.editor.addRule}</option>
          {possible(shapes).map((kind) => (
            <option key={kind} value={kind}>
              {kindName(kind)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

interface FieldProps {
  field: Field;
  rule: Rule;
  shapes: readonly Shape[];
  set: (value: unknown) => void;
}

function FieldOf({ field, rule, shapes, set }: FieldProps): JSX.Element | null {
  if (field === "labels") return <Labels rule={rule} set={set} />;
  if (field === "zone" || field === "line") {
    if (field === "line" && rule["zone"] !== undefined) return null; // a count of a zone
    const names = shapes.filter((shape) => shape.kind === field).map((shape) => shape.name);
    return (
      <label>
        {text.editor.fields[field]}
        <select class="button" value={String(rule[field] ?? "")} onChange={(event) => set(event.currentTarget.value)}>
          {field === "zone" && !NEEDS_ZONE.has(rule.kind) && <option value="">{text.editor.wholePicture}</option>}
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    );
  }
  if (field === "direction") {
    return (
      <label>
        {text.editor.fields.direction}
        <select class="button" value={String(rule[field] ?? "both")} onChange={(event) => set(event.currentTarget.value)}>
          {Object.entries(text.editor.directions).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
    );
  }
  const value = rule[field];
  return <NumberField name={text.editor.fields[field]} value={typeof value === "number" ? value : undefined} set={set} min={0} placeholder={text.editor.usual} testid={`rule-${field}`} />;
}

/** None chosen means: whoever or whatever it is. */
function Labels({ rule, set }: { rule: Rule; set: (value: unknown) => void }): JSX.Element {
  const chosen = Array.isArray(rule["labels"]) ? rule["labels"].map(String) : [];
  return (
    <div class="rule-labels" role="group" aria-label={text.editor.fields.labels}>
      {[...new Set([...LABELS, ...chosen])].map((label) => (
        <button key={label} type="button" class={chosen.includes(label) ? "chip-button on" : "chip-button"} aria-pressed={chosen.includes(label)} onClick={() => set(toggled(chosen, label))}>
          {labelName(label)}
        </button>
      ))}
    </div>
  );
}
