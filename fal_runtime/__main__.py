import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are imported, Python can lose a KeyboardInterrupt in a callback

from .main import main  # noqa: E402

raise SystemExit(main())
