#!/bin/sh
# Plays a share in VLC: vlc.sh ADDRESS
# ADDRESS is that of a stream, as `porthole share` prints it; with ?key= for a share on another machine.
set -eu
vlc --network-caching=0 "$1"
