/** Frases sobre incidentes. */

import type { Text } from "../en";
import type { Say } from "../say";

export const incidents = ({ number, plural }: Say): Text["incidents"] => ({
  title: "Incidentes",
  open: (count) => plural(count, "incidente abierto", "incidentes abiertos"),
  none: "No hay incidentes abiertos.",
  noneMore: "Los comunican sensores, la central de avisos y personas; aquí aparecen por sí solos.",
  onMap: "Mostrar en el mapa",
  mark: (kind, severity, state, when) => `${kind}, ${severity}, ${state}, ${when}`,
  state: { open: "abierto", closed: "cerrado" },
  severities: { alarm: "Alarma", info: "No es alarma" },
  from: (source) => `de ${source}`,
  toldBy: (who) => `comunicado por ${who}`,
  closedBy: (who, when) => `Cerrado por ${who}, ${when}`,
  live: "Ver en vivo",
  play: "Ver ese momento",
  around: "Buscar alrededor",
  aroundMore: "Quién estaba cerca, diez minutos antes y después",
  cameras: "Cámaras cercanas",
  noCameras: "No hay ninguna cámara en el mapa a menos de 1 km.",
  sees: (metres) => `${number(metres)} m, mira hacia allí`,
  away: (metres) => `a ${number(metres)} m`,
  note: "Qué se averiguó",
  close: "Cerrar el incidente",
  reopen: "Volver a abrirlo",
  dismiss: "Cerrar el panel",
  report: "Comunicar un incidente",
  click: "Haga clic en el mapa donde ocurrió.",
  clickAgain: "Haga clic en otro punto para moverlo.",
  clickKeys: "Con el teclado: las flechas mueven el mapa y Espacio lo coloca en la cruz.",
  kind: "Qué",
  severity: "Gravedad",
  text: "En pocas palabras",
  where: "Dónde",
  send: "Comunicar",
  discard: "Descartar",
  kinds: {
    shot: "Disparo", crash: "Choque", call: "Llamada", alarm: "Alarma", fire: "Fuego", fight: "Pelea", medical: "Emergencia médica",
    theft: "Robo", other: "Otra cosa",
  },
});
