#!/bin/sh
# Records SECONDS of a share without encoding it anew: ffmpeg.sh ADDRESS FILE.mkv [SECONDS]
# ADDRESS is that of a stream, as `porthole share` prints it; with ?key= for a share on another machine.
set -eu
ffmpeg -loglevel error -y -f mpjpeg -use_wallclock_as_timestamps 1 -i "$1" -t "${3:-10}" -c copy "$2"
