import { useEffect, useId, useRef, useState } from 'react';
import { QrCode } from './qr-code.tsx';

/** A button that shows a link as a QR code, for a phone's camera. */
export function QrButton({ link }: { readonly link: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        QR code
      </button>
      {isOpen && <QrDialog link={link} onClose={() => setOpen(false)} />}
    </>
  );
}

function QrDialog({ link, onClose }: { readonly link: string; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog className="dialog qr-dialog" ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>Watch on another device</h2>
      <QrCode text={link} label="QR code of the link" />
      <p className="hint">Whoever scans this can watch until the share ends or the link is revoked.</p>
      <code className="qr-link">{link}</code>
      <form method="dialog" className="dialog-buttons">
        <button type="submit" className="button primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
