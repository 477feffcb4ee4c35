# Sourced with the folder of the scripts in $here: installs PyTorch into $venv, unless it is there.
venv=$here/.venv
# The copy of the requirements says that the installation finished, and with which versions.
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
