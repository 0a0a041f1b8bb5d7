/** A dialog over the page while it is there; afterwards the keyboard is where it was. */

import { useLayoutEffect } from "preact/hooks";

export function useModal(dialog: { readonly current: HTMLDialogElement | null }): void {
  // before anything is painted: who presses a key at once means the dialog
  useLayoutEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    const shown = dialog.current!;
    shown.showModal();
    return () => {
      shown.close();
      opener?.focus(); // it has left the page by now: the browser itself no longer goes back
    };
  }, []);
}
