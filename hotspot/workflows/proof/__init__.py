"""What was published, as an outsider checks it: releases, signatures, verification."""
