// Start concept refinement
async function refineConceptWithPrompt(originalImageUrl, refinementPrompt, logoDesc, themeDesc) {
  try {
    // Submit the refinement request
    const response = await fetch('/api/concepts/refine', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Authorization': `Bearer ${getAuthToken()}`
      },
      body: JSON.stringify({
        original_image_url: originalImageUrl,
        refinement_prompt: refinementPrompt,
        logo_description: logoDesc,
        theme_description: themeDesc
      })
    });
    
    // Check for conflict (existing task)
    if (response.status === 409) {
      const existingTask = await response.json();
      console.log('A refinement task is already in progress:', existingTask);
      return existingTask;
    }
    
    if (!response.ok) {
      throw new Error('Concept refinement failed');
    }
    
    const taskData = await response.json();
    
    // Start polling for task status
    return pollTaskStatus(taskData.task_id);
  } catch (error) {
    console.error('Failed to start concept refinement:', error);
    return null;
  }
}

// Poll for task status until complete
async function pollTaskStatus(taskId, maxAttempts = 30, interval = 2000) {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      const response = await fetch(`/api/concepts/task/${taskId}`, {
        headers: {
          'Authorization': `Bearer ${getAuthToken()}`
        }
      });
      
      if (!response.ok) {
        throw new Error('Failed to check task status');
      }
      
      const taskData = await response.json();
      
      // If task is complete or failed, return the result
      if (taskData.status === 'completed' || taskData.status === 'failed') {
        return taskData;
      }
      
      // Update UI with current status
      updateRefinementStatus(taskData.status, taskData.message);
      
      // Wait before polling again
      await new Promise(resolve => setTimeout(resolve, interval));
    } catch (error) {
      console.error('Error polling task status:', error);
      // Continue polling despite errors
    }
  }
  
  throw new Error('Task polling timed out');
}
