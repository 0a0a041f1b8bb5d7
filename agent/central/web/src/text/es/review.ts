/** Frases sobre la atención de eventos. */

import type { Text } from "../en";
import type { Say } from "../say";

export const review = ({ number, plural }: Say): Text["review"] => ({
  title: "Revisión",
  alarms: "Solo alarmas",
  state: "Estado",
  anyState: "Cualquier estado",
  open: "Sin atender",
  done: "Atendidos",
  assigned: "Asignados",
  anybody: "De cualquiera",
  mine: (name) => `Míos (${name})`,
  words: "Palabras en las notas",
  acknowledge: "Atender",
  again: "Volver a pendiente",
  doneBy: (who, when) => `Atendido por ${who}, ${when}`,
  assign: "Asignar",
  nobody: "Sin asignar",
  severity: "Gravedad",
  asSaid: "De origen",
  alarm: "Alarma",
  info: "No es alarma",
  notes: "Notas",
  noNotes: "Aún no hay notas",
  note: "Añada una nota",
  noteMore: "La puede leer quien vea la cámara.",
  add: "Añadir nota",
  chosen: (count) => `${plural(count, "elegido", "elegidos")}`,
  choose: (what) => `Elegir ${what}`,
  all: "Elegir todo lo mostrado",
  none: "No elegir ninguno",
  is: (name) => `Asignado a ${name}`,
  count: (count) => plural(count, "nota", "notas"),
  faster: (count) =>
    count === 1
      ? "Otra persona lo cambió entretanto. Lo ve como está ahora; repita el cambio si aún procede."
      : `Otras personas cambiaron ${number(count)} entretanto. Los ve como están ahora.`,
  full: "No caben más notas.",
  missing: "Algunos ya superaron su plazo de conservación.",
  sound: "Sonido",
  soundOn: "Las alarmas suenan",
  soundOff: "Las alarmas están en silencio",
  keys: "j siguiente, k anterior, Espacio reproduce, x elige, a atiende, Intro abre",
});
