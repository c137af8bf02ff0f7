/**
 * How a program that runs others is told what to run.
 *
 * `options` are words as getopt knows them, with what becomes of their values:
 * `-v`, `--verbose` stand alone (a long one may carry a value by `=`), `-n:`, `--adjustment=` take a value,
 * `-i?` takes one only if it is attached. A name behind that says what the value is: `:folder` it runs there, `:line`
 * a shell line, `:argv` a program, `:words` words that take the option's place, `:list` words up to `;` or `+` that are a
 * command, `:stand-in` what stands for words that it reads, `!` that nothing runs with this option.
 */
export interface Wrapper {
  /** Separated by blanks; a `*` at the end stands for any ending. */
  readonly names: string;
  readonly options?: string;
  /** Operands that stand before what it runs. */
  readonly skip?: number;
  /** Whether `NAME=value` may stand before what it runs. */
  readonly assigns?: boolean;
  /**
   * What its operands are: `argv` a program and its arguments; `line` words that are joined to a shell line; `first`
   * one shell line, then something else; `script` a file of shell lines; `none` nothing that runs; `anywhere` a
   * program may begin at any of them.
   */
  readonly operands: 'argv' | 'line' | 'first' | 'script' | 'none' | 'anywhere';
  /** Whether options may stand behind operands too. */
  readonly permutes?: boolean;
  /** Whether it adds arguments that it reads from elsewhere, or puts them in place of `{}`. */
  readonly adds?: boolean;
  /** Whether it runs what it reads, unless it is told of a line or a program. */
  readonly readsCommands?: boolean;
  /** Whose language lines are in; that of the line that it stands in if it is left out, POSIX's outside of one. */
  readonly language?: 'posix' | 'foreign';
}

/** Every program and builtin that is known to run others. */
export const WRAPPERS: readonly Wrapper[] = [
  // Builtins and words of the grammar.
  { names: 'command', options: '-p -v! -V!', operands: 'argv' },
  { names: 'exec', options: '-c -l -a:', operands: 'argv' },
  { names: 'builtin', operands: 'argv' },
  { names: 'coproc', operands: 'anywhere' },
  { names: 'noglob nocorrect !', operands: 'argv' },
  { names: 'eval', operands: 'line' },
  { names: 'trap', options: '-l! -p!', operands: 'first' },
  { names: '. source', operands: 'script' },
  { names: 'hash', options: '-p:argv -r -d -l -t', operands: 'none' },
  { names: 'jobs', options: '-l -n -p -r -s -x', operands: 'argv' },
  {
    names: 'compgen complete',
    options:
      '-a -b -c -d -e -f -g -j -k -s -u -v -p -r -D -E -I -o: -A: -G: -W: -P: -S: -X: -F:line -C:line -V:',
    operands: 'none',
  },
  {
    names: 'mapfile readarray',
    options: '-d: -n: -O: -s: -t -u: -C:line -c:',
    operands: 'none',
  },
  {
    names: 'time',
    options:
      '-p -f: --format= -o: --output= -a --append -v --verbose -q --quiet -l -h -V! --version! --help! --portability',
    operands: 'argv',
  },

  // What sets up the place that a program runs in.
  {
    names: 'env genv',
    options:
      '- -i --ignore-environment -0 --null -u: --unset= -C:folder --chdir=folder -S:words --split-string=words -P: -L: -U: -a: --argv0= -v --debug --block-signal --default-signal --ignore-signal --list-signal-handling --help! --version!',
    assigns: true,
    operands: 'argv',
  },
  { names: 'nice gnice', options: '-n: --adjustment= --help! --version!', operands: 'argv' },
  { names: 'nohup gnohup', options: '--help! --version!', operands: 'argv' },
  {
    names: 'timeout gtimeout',
    options:
      '-f --foreground -k: --kill-after= -p --preserve-status -s: --signal= -v --verbose --help! --version!',
    skip: 1,
    operands: 'argv',
  },
  {
    names: 'stdbuf gstdbuf',
    options: '-i: --input= -o: --output= -e: --error= --help! --version!',
    operands: 'argv',
  },
  { names: 'unbuffer', options: '-p', operands: 'argv' },
  {
    names: 'setsid',
    options: '-c --ctty -f --fork -w --wait -h! --help! -V! --version!',
    operands: 'argv',
  },
  {
    names: 'ionice',
    options:
      '-c: --class= -n: --classdata= -p! --pid! -P! --pgid! -u! --uid! -t --ignore -h! --help! -V! --version!',
    operands: 'argv',
  },
  {
    names: 'chrt',
    options:
      '-a --all-tasks -b --batch -d --deadline -e --ext -f --fifo -i --idle -m! --max! -o --other -p! --pid! -r --rr -R --reset-on-fork -T: --sched-runtime= -P: --sched-period= -D: --sched-deadline= -v --verbose -h! --help! -V! --version!',
    skip: 1,
    operands: 'argv',
  },
  {
    names: 'taskset',
    options: '-a --all-tasks -p! --pid! -c --cpu-list -h! --help! -V! --version!',
    skip: 1,
    operands: 'argv',
  },
  {
    names: 'numactl',
    options:
      '-i: --interleave= -N: --cpunodebind= -C: --physcpubind= -m: --membind= -l --localalloc -p: --preferred= -a --all -s! --show! -H! --hardware!',
    operands: 'argv',
  },
  { names: 'prlimit choom uclampset', operands: 'anywhere' },
  {
    names: 'setarch linux32 linux64 i386 i486 i586 i686 x86_64 aarch64',
    options:
      '-v --verbose -R --addr-no-randomize -3 --3gb -4 --4gb -B --32bit -F -I -L -S -T -X -Z --uname-2.6 --list!',
    operands: 'anywhere',
  },
  {
    names: 'chroot',
    options: '--groups= --userspec= --skip-chdir --help! --version! -g: -u: -G:',
    skip: 1,
    operands: 'argv',
  },
  {
    names: 'unshare',
    options:
      '-m --mount -u --uts -i --ipc -n --net -p --pid -U --user -C --cgroup -T --time -f --fork --mount-proc --map-user= --map-group= --map-users= --map-groups= -r --map-root-user -c --map-current-user --map-auto --propagation= --setgroups= -R: --root= -w:folder --wd=folder -S: --setuid= -G: --setgid= --kill-child --keep-caps --monotonic= --boottime= --mount-binfmt -h! --help! -V! --version!',
    operands: 'argv',
  },
  {
    names: 'nsenter',
    options:
      '-a --all -t: --target= -m? --mount -u? --uts -i? --ipc -n? --net -p? --pid -C? --cgroup -U? --user -T? --time -S: --setuid= -G: --setgid= --preserve-credentials -r? --root -w?folder --wd -W:folder --wdns=folder -e --env -F --no-fork -c --join-cgroup -Z --follow-context --keep-caps -h! --help! -V! --version!',
    operands: 'argv',
  },
  {
    names: 'setpriv',
    options:
      '-d! --dump! --nnp --no-new-privs --ambient-caps= --inh-caps= --bounding-set= --list-caps! --ruid= --euid= --rgid= --egid= --reuid= --regid= --clear-groups --keep-groups --init-groups --groups= --securebits= --pdeathsig= --reset-env --selinux-label= --apparmor-profile= --landlock-access= --landlock-rule= --seccomp-filter= --ptracer= -h! --help! -V! --version!',
    operands: 'argv',
  },
  {
    names: 'ld-linux* ld.so ld-musl*',
    options:
      '--list! --verify! --inhibit-cache --library-path= --preload= --audit= --argv0= --glibc-hwcaps-prepend= --glibc-hwcaps-mask= --inhibit-rpath=',
    operands: 'argv',
  },
  {
    names:
      'fakeroot fakechroot eatmydata torsocks torify proxychains proxychains4 ssh-agent dbus-run-session dbus-launch xvfb-run systemd-inhibit caffeinate chpst softlimit setuidgid envuidgid envdir tini dumb-init s6-setuidgid catchsegv ltrace strace valgrind perf heaptrack gdb lldb rr firejail bwrap proot start-stop-daemon daemonize run-one flatpak-spawn doas-edit toolbox distrobox',
    operands: 'anywhere',
  },

  // As somebody else.
  {
    names: 'sudo',
    options:
      '-A --askpass -b --background -B --bell -C: --close-from= -D:folder --chdir=folder -E --preserve-env -e --edit -g: --group= -H --set-home -h: --host= -i --login -K! --remove-timestamp! -k --reset-timestamp -l! --list! -N --no-update -n --non-interactive -P --preserve-groups -p: --prompt= -R: --chroot= -r: --role= -S --stdin -s --shell -T: --command-timeout= -t: --type= -U: --other-user= -u: --user= -V! --version! -v! --validate! --help!',
    assigns: true,
    operands: 'argv',
  },
  { names: 'doas', options: '-n -s -L! -C:! -u: -a:', operands: 'argv' },
  {
    names: 'pkexec',
    options: '--disable-internal-agent --keep-cwd --user= --help! --version!',
    operands: 'argv',
  },
  {
    names: 'su',
    options:
      '- -c:line --command=line --session-command=line -f --fast -g: --group= -G: --supp-group= -l --login -m -p --preserve-environment -P --pty -T --no-pty -s: --shell= -w: --whitelist-environment= -h! --help! -V! --version!',
    operands: 'none',
    permutes: true,
    readsCommands: true,
    language: 'posix',
  },
  {
    names: 'runuser',
    options:
      '- -c:line --command=line --session-command=line -f --fast -g: --group= -G: --supp-group= -l --login -m -p --preserve-environment -P --pty -T --no-pty -s: --shell= -u: --user= -w: --whitelist-environment= -h! --help! -V! --version!',
    operands: 'anywhere',
    permutes: true,
    language: 'posix',
  },
  { names: 'sg newgrp', options: '- -c:line', skip: 1, operands: 'first', permutes: true, language: 'posix' },
  {
    names: 'systemd-run',
    options:
      '--no-ask-password --scope -u: --unit= -p: --property= --description= --slice= --slice-inherit --expand-environment= -r --remain-after-exit --send-sighup --service-type= --uid= --gid= --nice= --working-directory=folder -d --same-dir -E: --setenv= -t --pty -T --pty-late -P --pipe -q --quiet -G --collect -S --shell --ignore-failure --background= --on-active= --on-boot= --on-startup= --on-unit-active= --on-unit-inactive= --on-calendar= --on-timezone-change --on-clock-change --path-property= --socket-property= --timer-property= --wait --user --system -H: --host= -M: --machine= --job-mode= --json= -v --verbose --no-block -h! --help! --version!',
    operands: 'argv',
  },

  // Programs that run one for each thing they find, again and again, or together.
  {
    names: 'xargs gxargs',
    options:
      '-0 --null -a: --arg-file= -d: --delimiter= -E: -e? --eof -I:stand-in -i?stand-in --replace?stand-in -L: -l? --max-lines -n: --max-args= -o --open-tty -P: --max-procs= -p --interactive --process-slot-var= -r --no-run-if-empty -s: --max-chars= --show-limits -t --verbose -x --exit -J: -R: -S: --help! --version!',
    operands: 'argv',
    adds: true,
  },
  {
    names: 'find gfind',
    options: '-exec:list -execdir:list -ok:list -okdir:list',
    operands: 'none',
    permutes: true,
  },
  {
    names: 'fd fdfind',
    options: '-x:list -X:list --exec=list --exec-batch=list',
    operands: 'none',
    permutes: true,
  },
  {
    names: 'parallel sem',
    operands: 'anywhere',
    adds: true,
    readsCommands: true,
  },
  { names: 'entr', options: '-a -c -d -n -p -r -s -x -z', operands: 'anywhere', adds: true },
  {
    names: 'watch viddy hwatch',
    options:
      '-b --beep -c --color -C --no-color -d --differences -e --errexit -f --follow -g --chgexit -n: --interval= -p --precise -q: --equexit= -r --no-rerun -s: --shotsdir= -t --no-title -w --no-wrap -x --exec -h! --help! -v! --version!',
    operands: 'line',
    language: 'posix',
  },
  {
    names: 'flock',
    options:
      '-c:line --command=line -E: --conflict-exit-code= -F --no-fork -e -x --exclusive -n --nb --nonblock -o --close -s --shared -u --unlock -w: --wait= --timeout= --fcntl --start= --length= --verbose -h! --help! -V! --version!',
    skip: 1,
    operands: 'argv',
    permutes: true,
    language: 'posix',
  },
  {
    names: 'script',
    options:
      '-a --append -c:line --command=line -e --return -E: --echo= -f --flush --force -I: --log-in= -O: --log-out= -B: --log-io= -T: --log-timing= -m: --logging-format= -o: --output-limit= -q --quiet -t? --timing -F: -k -p -r -h! --help! -V! --version!',
    operands: 'anywhere',
    permutes: true,
    language: 'posix',
  },
  { names: 'at batch', operands: 'none', readsCommands: true },
  {
    names: 'make gmake nmake ninja',
    options: '-C:folder --directory=folder',
    operands: 'none',
    permutes: true,
  },

  // Elsewhere, or in another terminal.
  {
    names: 'ssh mosh autossh',
    options:
      '-4 -6 -A -a -B: -b: -C -c: -D: -E: -e: -F: -f -G -g -I: -i: -J: -K -k -L: -l: -M -m: -N -n -O: -o: -P: -p: -Q:! -q -R: -S: -s -T -t -V! -v -W: -w: -X -x -Y -y',
    skip: 1,
    operands: 'line',
    language: 'posix',
  },
  {
    names:
      'docker podman nerdctl kubectl oc lxc lxc-attach machinectl systemd-nspawn tmux screen byobu zellij dtach abduco xterm gnome-terminal konsole alacritty kitty foot wezterm vagrant wsl',
    operands: 'anywhere',
  },

  // Programs that are others by their first operand.
  { names: 'busybox toybox', options: '--list! --list-full! --install! --help!', operands: 'argv' },
  { names: 'start', operands: 'anywhere' },
];

/** How a shell is given its lines. */
export interface Shell {
  readonly names: string;
  readonly language: 'posix' | 'bash' | 'foreign';
}

/** Every shell that is known. Of those that are not of the Bourne family no line is understood. */
export const SHELLS: readonly Shell[] = [
  { names: 'sh dash ash', language: 'posix' },
  { names: 'bash rbash', language: 'bash' },
  {
    names:
      'zsh rzsh ksh rksh ksh93 mksh lksh yash oksh loksh posh fish csh tcsh rc es elvish nu xonsh osh ysh',
    language: 'foreign',
  },
  { names: 'pwsh powershell cmd', language: 'foreign' },
];

/** Options of shells that take a value, beside `-o` and `-O`, and what it is. */
export const SHELL_OPTIONS: ReadonlyMap<string, 'script' | 'line'> = new Map([
  ['--rcfile', 'script'],
  ['--init-file', 'script'],
  ['--init-command', 'line'],
  ['--command', 'line'],
]);

/** Variables whose value some shell expands, or runs, when it starts or as it goes. */
export const EXPANDED_VARIABLES: ReadonlySet<string> = new Set([
  'BASH_ENV',
  'ENV',
  'PROMPT_COMMAND',
  'PS0',
  'PS1',
  'PS2',
  'PS4',
]);
