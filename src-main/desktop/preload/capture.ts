import { ipcRenderer } from 'electron';
import { CAPTURE_PORT_CHANNEL, captureCommandSchema } from '#shared/capture-messages';
import { ScreenRecorder } from './capture/screen-recorder.ts';

// The preload of the capture window, the only one that is not sandboxed: it needs a native encoder. The window shows
// an empty page without scripts, so nothing else than this file ever runs beside it.

ipcRenderer.once(CAPTURE_PORT_CHANNEL, (event) => {
  const port = event.ports[0];
  if (!port) throw new Error('the agent sent no port');
  let recorder: ScreenRecorder | null = null;
  port.onmessage = ({ data }) => {
    const command = captureCommandSchema.parse(data);
    if (command.type === 'begin') {
      recorder ??= new ScreenRecorder(command, (report) => port.postMessage(report));
      void recorder.record();
    } else if (command.type === 'demand') {
      recorder?.setDemand(command.demand);
    } else if (command.type === 'taken') {
      recorder?.onTaken();
    } else {
      recorder?.performFilm(command);
    }
  };
});
ipcRenderer.send(CAPTURE_PORT_CHANNEL);
